/**
 * `@peculiar/x509` wires itself by tsyringe, which refuses to load without the metadata functions of a decorator proposal. It only asks them for what
 * decorated classes would have left there; its own has none, so that knowing nothing is the right answer. To be imported before it.
 */
const nothing = (): undefined => undefined;
for (const name of ["getMetadata", "getOwnMetadata", "defineMetadata", "hasOwnMetadata"])
  if (!(name in Reflect)) Object.defineProperty(Reflect, name, { value: nothing, configurable: true, writable: true });
