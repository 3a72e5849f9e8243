/** Labelled inputs of a form, all of one shape: a value, and what to do with the next one. */
import type { ComponentChildren, JSX } from "preact";

interface Labelled {
  label: string;
  hint?: string;
  wide?: boolean;
}

function Field({ label, hint, wide, children }: Labelled & { children: ComponentChildren }): JSX.Element {
  return (
    <label class={`field ${wide ? "wide" : ""}`}>
      <span>{label}</span>
      {children}
      {hint && <small class="faint">{hint}</small>}
    </label>
  );
}

interface TextProps extends Labelled {
  value: string;
  set: (value: string) => void;
  placeholder?: string;
  required?: boolean;
  disabled?: boolean;
  secret?: boolean;
}

export function TextField({
  value,
  set,
  placeholder = "",
  required = false,
  disabled = false,
  secret = false,
  ...rest
}: TextProps): JSX.Element {
  return (
    <Field {...rest}>
      {secret ? (
        <input
          type="password"
          autocomplete="new-password"
          placeholder={placeholder}
          value={value}
          onInput={(e) => set(e.currentTarget.value)}
        />
      ) : (
        <input
          autocomplete="off"
          spellcheck={false}
          placeholder={placeholder}
          required={required}
          disabled={disabled}
          value={value}
          onInput={(event) => set(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export function AreaField({ value, set, placeholder = "", rows = 2, ...rest }: Omit<TextProps, "secret"> & { rows?: number }): JSX.Element {
  return (
    <Field {...rest}>
      <textarea
        rows={rows}
        spellcheck={false}
        placeholder={placeholder}
        value={value}
        onInput={(event) => set(event.currentTarget.value)}
      />
    </Field>
  );
}

interface ChoiceProps<V extends string> extends Labelled {
  value: V;
  options: readonly (V | { value: V; label: string })[];
  set: (value: V) => void;
}

export function ChoiceField<V extends string>({ value, options, set, ...rest }: ChoiceProps<V>): JSX.Element {
  return (
    <Field {...rest}>
      <select value={value} onChange={(event) => set(event.currentTarget.value as V)}>
        {options.map((option) => {
          const shown = typeof option === "string" ? { value: option, label: option } : option;
          return (
            <option key={shown.value} value={shown.value}>
              {shown.label}
            </option>
          );
        })}
      </select>
    </Field>
  );
}

export function CheckField({ label, checked, set }: { label: string; checked: boolean; set: (on: boolean) => void }): JSX.Element {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} onChange={(event) => set(event.currentTarget.checked)} /> {label}
    </label>
  );
}
