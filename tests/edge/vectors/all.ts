/** Every vector, in the order of the page. */
import { CHUNKS } from "./chunks.ts";
import { FRAMING } from "./framing.ts";
import { HEADS } from "./heads.ts";
import { IDENTITY } from "./identity.ts";
import { TARGETS } from "./targets.ts";
import type { Group } from "./vector.ts";

export const GROUPS: readonly Group[] = [...FRAMING, ...CHUNKS, ...HEADS, ...TARGETS, ...IDENTITY];
