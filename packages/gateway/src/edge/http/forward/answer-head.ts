/** The head the client gets: the upstream's lines as `headers/response.ts` leaves them, the sticky cookie, and the marks of compression. */
import { responseFields } from "../headers/response.ts";
import type { Plan, UpstreamEndpoint } from "../plan.ts";
import type { ResponseHead } from "../wire/response-head.ts";
import { encodedFields, type Encoding, encodingFor, isCompressible, VARY } from "./compress.ts";

export const STICKY = "tidegate-upstream";

export interface AnswerHead {
  readonly fields: string;
  /** Null: goes through as it is. */
  readonly encoding: Encoding | null;
}

export function answerHead(plan: Plan, endpoint: UpstreamEndpoint, head: ResponseHead): AnswerHead {
  const { request } = plan.conversation;
  const compressible = plan.target.compression && isCompressible(request, head);
  const encoding = compressible ? encodingFor(request) : null;
  const encoded = encoding === null ? "" : encodedFields(head.fields, encoding);
  const fields = responseFields(plan, head) + encoded + (compressible ? VARY : "");
  return { fields: plan.group.spec.balance.policy === "cookie" ? fields + sticky(plan, endpoint) : fields, encoding };
}

/** The client's sticky cookie, where the policy is cookie. */
export function stickyCookie({ group, conversation }: Plan): string | null {
  if (group.spec.balance.policy !== "cookie") return null;
  const cookies = conversation.request.fields.get("cookie")?.split(";") ?? [];
  for (const cookie of cookies) {
    const [name, value] = cookie.trim().split("=", 2);
    if (name === STICKY && value !== undefined) return value;
  }
  return null;
}

// Private

function sticky(plan: Plan, { cookie }: UpstreamEndpoint): string {
  if (stickyCookie(plan) === cookie) return "";
  return `Set-Cookie: ${STICKY}=${cookie}; Path=/; HttpOnly; SameSite=Lax${plan.client.secure ? "; Secure" : ""}\r\n`;
}
