/** What a token may do: a level for each resource, each containing the one before. */
import type { JSX } from "preact";
import { RESOURCES } from "tidegate/contract";
import { CheckField } from "../../parts/fields.tsx";
import { LEVELS, type Grants } from "./token-words.ts";

interface ScopeGridProps {
  all: boolean;
  grants: Grants;
  set: (change: { all?: boolean; grants?: Grants }) => void;
}

export function ScopeGrid({ all, grants, set }: ScopeGridProps): JSX.Element {
  return (
    <fieldset class="scopes" aria-label="Scopes">
      <CheckField label="everything (*)" checked={all} set={(on) => set({ all: on })} />
      {!all && (
        <table class="scope-grid" aria-label="Scopes">
          <thead>
            <tr>
              <th scope="col">Resource</th>
              {LEVELS.map((level) => (
                <th key={level} scope="col">
                  {level}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {RESOURCES.map((resource) => (
              <tr key={resource}>
                <th scope="row">{resource}</th>
                {LEVELS.map((level) => (
                  <td key={level}>
                    <input
                      type="radio"
                      name={`scope-${resource}`}
                      aria-label={`${resource}: ${level}`}
                      checked={(grants[resource] ?? "none") === level}
                      onChange={() => set({ grants: { ...grants, [resource]: level } })}
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <small class="faint">Read sees everything of a resource. Write also changes its own. Admin changes those of others, too.</small>
    </fieldset>
  );
}
