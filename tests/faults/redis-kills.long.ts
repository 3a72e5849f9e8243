/** Full form: 5 kills of Redis under load. Run by `npm run test:long -- redis-kills`. */
import { conclude } from "./conclude.ts";
import { redisKills } from "./redis-kills.ts";

const report = (line: string): void => void process.stdout.write(`${line}\n`);
const { verdict, delayedFsync } = await redisKills({ kills: 5, messagesBetween: 3_000, report });
const notComparable =
  delayedFsync === 0
    ? []
    : [`not comparable: aof_delayed_fsync rose by ${delayedFsync}; this disk was too slow for the promise of everysec`];
conclude("redis-kills", [...verdict.problems, ...notComparable]);
