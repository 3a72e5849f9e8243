/**
 * A trace's spans as rows of a tree, in order of start. Pure. A span whose parent is not here stands at the top; one that is its own ancestor
 * too, so that nothing is lost and nothing runs in circles.
 */
import type { SpanRecord } from "tidegate/contract";

export interface SpanRow {
  span: SpanRecord;
  depth: number;
  /** Spans below it, at any depth. */
  below: number;
  collapsed: boolean;
  /** Whether a span below it failed: a folded row says so. */
  hidesError: boolean;
}

interface Node {
  span: SpanRecord;
  children: Node[];
  below: number;
  hidesError: boolean;
}

/** From so many spans below it a subtree is folded until it is opened. */
export const foldedFrom = 200;

/** `toggled`: ids of spans that were folded or opened by hand. */
export function rowsOf(spans: readonly SpanRecord[], toggled: ReadonlySet<string>): SpanRow[] {
  const rows: SpanRow[] = [];
  const stack = rootsOf(spans)
    .map((node) => ({ node, depth: 0 }))
    .toReversed();
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, depth } = next;
    const folds = depth > 0 && node.below >= foldedFrom;
    const collapsed = node.below > 0 && folds !== toggled.has(node.span.spanId);
    rows.push({ span: node.span, depth, below: node.below, collapsed, hidesError: node.hidesError });
    if (!collapsed) for (const child of node.children.toReversed()) stack.push({ node: child, depth: depth + 1 });
  }
  return rows;
}

/** Where the trace begins and ends; a running span reaches to its newest sign of life. */
export function extentOf(spans: readonly SpanRecord[]): { from: number; to: number } {
  let from = Infinity;
  let to = 0;
  for (const span of spans) {
    from = Math.min(from, span.startedAt);
    to = Math.max(to, span.endedAt ?? span.startedAt, ...span.events.map((e) => e.at));
  }
  return { from: Number.isFinite(from) ? from : 0, to: Math.max(to, from + 0.001) };
}

function rootsOf(spans: readonly SpanRecord[]): Node[] {
  const nodes = new Map<string, Node>();
  for (const span of spans) nodes.set(span.spanId, { span, children: [], below: 0, hidesError: false });
  const roots: Node[] = [];
  for (const node of nodes.values()) {
    const parent = node.span.parentId === null ? undefined : nodes.get(node.span.parentId);
    if (parent === undefined || isOwnAncestor(node, nodes)) roots.push(node);
    else parent.children.push(node);
  }
  const order = (a: Node, b: Node) => a.span.startedAt - b.span.startedAt;
  for (const node of nodes.values()) node.children.sort(order);
  for (const root of roots) sumUp(root);
  return roots.sort(order);
}

function isOwnAncestor(node: Node, nodes: ReadonlyMap<string, Node>): boolean {
  const seen = new Set<string>();
  for (let at: Node | undefined = node; at !== undefined; at = at.span.parentId === null ? undefined : nodes.get(at.span.parentId)) {
    if (seen.has(at.span.spanId)) return at === node;
    seen.add(at.span.spanId);
  }
  return false;
}

/** Children before their parents, without recursion: a chain of a thousand is a trace too. */
function sumUp(root: Node): void {
  const order = [root];
  for (const node of order) order.push(...node.children);
  for (const node of order.toReversed()) {
    node.below = node.children.reduce((n, child) => n + 1 + child.below, 0);
    node.hidesError = node.children.some((child) => child.hidesError || child.span.status === "error");
  }
}
