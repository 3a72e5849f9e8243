/** `GET /api/v1/groups`: consumer groups with lag, pending entries and consumers. */
import type { Tide } from "@tidegate/streams";
import { z } from "zod";
import type { GroupsAnswer } from "../contract.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { group } from "./schemas.ts";

const answer: z.ZodType<GroupsAnswer> = z.object({ items: z.array(group) });

export function groupRoutes(tide: Tide): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/api/v1/groups",
      tag: "groups",
      summary: "Groups of one topic or of all.",
      query: z.object({ topic: z.exactOptional(z.string()) }),
      answer,
      async handle({ query }) {
        return { items: [...(await tide.groups.list(query.topic))] };
      },
    }),
  ];
}
