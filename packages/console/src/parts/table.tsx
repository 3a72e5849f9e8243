/**
 * A table that becomes a list of cards where it is narrow. The roles are written out, because `display: block` takes a table's
 * meaning away from screen readers.
 */
import type { ComponentChildren, JSX, Key } from "preact";

export interface Column<Row> {
  label: string;
  cell: (row: Row) => ComponentChildren;
  /** Right-aligned, tabular figures. */
  number?: boolean;
  /** Running text: may wrap, and takes a card's whole width. */
  wide?: boolean;
  /** Heads the card where it is narrow. */
  lead?: boolean;
  /** Buttons: take a card's whole width, and need no name there. */
  acts?: boolean;
}

interface TableProps<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => Key;
}

export function Table<Row>({ label, columns, rows, rowKey }: TableProps<Row>): JSX.Element {
  return (
    <div class="table-frame">
      <table role="table" aria-label={label}>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((c) => (
              <th key={c.label} role="columnheader" scope="col" class={c.number ? "number" : ""}>
                {c.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={rowKey(row)} role="row">
              {columns.map((c) => (
                <td key={c.label} role="cell" data-label={c.label} class={classOf(c)}>
                  {c.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function classOf(column: { number?: boolean; lead?: boolean; wide?: boolean; acts?: boolean }): string {
  return [column.number && "number", column.lead && "lead", column.wide && "wide", column.acts && "acts"].filter(Boolean).join(" ");
}

export interface Fact {
  label: string;
  value: ComponentChildren;
}

/** Name and value pairs. */
export function Facts({ facts }: { facts: readonly Fact[] }): JSX.Element {
  return (
    <dl class="facts">
      {facts.map((fact) => (
        <div key={fact.label}>
          <dt>{fact.label}</dt>
          <dd>{fact.value}</dd>
        </div>
      ))}
    </dl>
  );
}
