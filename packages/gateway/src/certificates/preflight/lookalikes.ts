/**
 * Names that look like others: letters of several alphabets in one label, or a label that another alphabet writes to look Latin (Unicode TS 39 §5.1, and the
 * list that browsers use). CAs would issue for them, so whoever asks is told. Pure.
 */

/** Null, or what is deceptive about a label in Unicode; `top`: the last label of its name. */
export function deceptive(label: string, top: string): string | null {
  const scripts = scriptsOf(label);
  if (scripts.length > 1 && !TOGETHER.some((allowed) => scripts.every((script) => allowed.includes(script))))
    return `mixes ${scripts.join(" and ")} letters`;
  const [only = ""] = scripts;
  const likeness = LIKE_LATIN[only];
  if (likeness === undefined || !likeness.letters.test(label) || scriptsOf(top).includes(only) || likeness.tops.includes(top)) return null;
  return `is written in ${only} letters that look like Latin ones`;
}

// Private

const SCRIPTS = Object.entries({
  Latin: /\p{Script=Latin}/u,
  Cyrillic: /\p{Script=Cyrillic}/u,
  Greek: /\p{Script=Greek}/u,
  Armenian: /\p{Script=Armenian}/u,
  Hebrew: /\p{Script=Hebrew}/u,
  Arabic: /\p{Script=Arabic}/u,
  Devanagari: /\p{Script=Devanagari}/u,
  Thai: /\p{Script=Thai}/u,
  Georgian: /\p{Script=Georgian}/u,
  Cherokee: /\p{Script=Cherokee}/u,
  Hangul: /\p{Script=Hangul}/u,
  Bopomofo: /\p{Script=Bopomofo}/u,
  Hiragana: /\p{Script=Hiragana}/u,
  Katakana: /\p{Script=Katakana}/u,
  Han: /\p{Script=Han}/u,
});

/** As languages are written. */
const TOGETHER = [
  ["Latin", "Han", "Hiragana", "Katakana"],
  ["Latin", "Han", "Hangul"],
  ["Latin", "Han", "Bopomofo"],
];

/** `tops`: top-level domains in Latin letters whose languages are written so. */
const LIKE_LATIN: Readonly<Record<string, { readonly letters: RegExp; readonly tops: readonly string[] }>> = {
  Cyrillic: { letters: /^[аысԁеԍһіюјӏорԗԛѕԝхуъьҽпгѵѡ\d-]+$/u, tops: ["bg", "by", "kz", "mk", "rs", "ru", "su", "ua", "uz"] },
  Greek: { letters: /^[αβγεηικνορτυχω\d-]+$/u, tops: ["gr", "cy", "eu"] },
};

function scriptsOf(label: string): string[] {
  return SCRIPTS.filter(([, letters]) => letters.test(label)).map(([script]) => script);
}
