// P18 in one process: the decisions of live calls against those of the simulator, equal to the last detail.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseBootstrapFile } from '../../src/directory/bootstrap-file.js';
import { catalogueOf } from '../../src/catalogue/index.js';
import { bootstrapSnapshots } from '../../src/directory/bootstrap-snapshots.js';
import type { Snapshot } from '../../src/directory/snapshot.js';
import type { Actor } from '../../src/sts/actor.js';
import { assumeActions, decideAssume } from '../../src/sts/assume-decisions.js';
import { requestFacts } from '../../src/sts/call-conditions.js';
import type { Caller } from '../../src/sts/caller.js';
import { sourceIdentity } from '../../src/sts/chain-rules.js';
import { mergeSessionTags } from '../../src/sts/session-tags.js';
import { simulate } from '../../src/sts/simulate.js';
import { simulationQuestion } from '../../src/sts/simulate-input.js';
import { ApiError } from '../../src/base/api-error.js';
import { parseAgencyUrn, sessionUrn } from '../../src/urn/urn.js';
import { questionOf } from './simulation-question.js';
import { accountOf, callers, conditionKeys, hasMfaDevice, requests, serviceName, userUrns, worlds, type WorldCaller, type WorldRequest } from './simulation-worlds.js';

const worldCount = 500;
const pairsPerWorld = 44;
const sourceIp = '127.0.0.1';
const now = Date.UTC(2026, 0, 15, 8, 30);
const issuedAt = Math.floor(now / 1000) - 30;

/** What decisions see of a caller that authentication made. */
type LiveCaller = Actor & Pick<Caller, 'signature' | 'sourceIp'>;

function callerOf(caller: WorldCaller, { userAgent }: WorldRequest, accounts: ReadonlyMap<string, Snapshot>): LiveCaller {
  const accountId = caller.kind === 'user' ? accountOf(caller.name) : caller.kind === 'session' ? caller.accountId : '0'.repeat(32);
  const snapshot = accounts.get(accountId) ?? [...accounts.values()][0];
  if (snapshot === undefined) throw new Error('a world has accounts');
  const headers = new Map([['user-agent', userAgent], ['x-source-account', caller.kind === 'service' ? caller.sourceAccount : 'not looked at']]);
  const common = {
    accountId, snapshot, sourceIp,
    signature: {
      algorithm: 'SDK-HMAC-SHA256', accessKeyId: 'AK', signedHeaders: [], signedValues: [], signature: '', signedAt: now, dateText: '', header: (name: string) => headers.get(name),
    } as const,
  };
  if (caller.kind === 'service') return { ...common, kind: 'service', servicePrincipal: serviceName, principalUrn: serviceName };
  if (caller.kind === 'user') {
    const user = [...snapshot.users.values()].find(({ userName }) => userUrns[caller.name].endsWith(`:${userName}`));
    if (user === undefined) throw new Error('a world has its users');
    return { ...common, kind: 'user', user, principalUrn: userUrns[caller.name] };
  }
  const agency = snapshot.agencies.named('hub');
  if (agency === undefined) throw new Error('a world has its hubs');
  const { session } = caller;
  return {
    ...common, kind: 'agency-session', agency, principalUrn: sessionUrn(accountId, 'hub', session.name),
    session: {
      issuedAt, tags: mergeSessionTags(undefined, { tags: session.tags, transitiveTagKeys: session.transitive }),
      sourceIdentity: session.sourceIdentity, mfaAuthenticatedAt: session.mfa ? issuedAt : undefined, sessionPolicy: session.policy, sessionPolicyIds: session.policyIds,
    },
  };
}

/** What the live path asks of policies, or the rule that it stops at. */
function live(caller: LiveCaller, input: WorldRequest, accounts: ReadonlyMap<string, Snapshot>): string | ReturnType<typeof decideAssume> {
  const parent = caller.kind === 'agency-session' ? caller.session : undefined;
  const target = parseAgencyUrn(input.agencyUrn);
  const found = target && accounts.get(target.accountId)?.agencies.named(target.name);
  try {
    const actions = assumeActions(mergeSessionTags(parent, input), sourceIdentity(parent, input.sourceIdentity));
    const agency = found?.path === target?.path && found?.kind !== 'legacy' ? found : undefined;
    return decideAssume(caller, { input, plan: { target, actions }, agency, mfaVerified: input.mfa, catalogue: catalogueOf([]) }, requestFacts(caller, now), { detail: 'always' });
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}

/** A time that is given has the resolution of its text. */
const comparable = (decisions: unknown): unknown => JSON.parse(JSON.stringify(decisions));

test(`${worldCount * pairsPerWorld} pairs`, { timeout: 120_000 }, () => {
  const seen = { allowed: 0, caller: 0, trust: 0, rule: 0, absent: 0 };
  const keysSeen = new Set<string>();
  let pairs = 0;
  fc.assert(fc.property(worlds, fc.array(fc.tuple(callers, requests), { minLength: pairsPerWorld, maxLength: pairsPerWorld }), (world, questions) => {
    const accounts = bootstrapSnapshots(parseBootstrapFile(JSON.stringify(world)), now, catalogueOf([]));
    for (const [worldCaller, asked] of questions) {
      const request = { ...asked, mfa: asked.mfa && hasMfaDevice(worldCaller) };
      const expected = live(callerOf(worldCaller, request, accounts), request, accounts);
      const simulated = simulate({ accounts, catalogue: catalogueOf([]), now }, simulationQuestion(questionOf(worldCaller, request, { sourceIp, issuedAt, now })));
      pairs += 1;
      if (typeof expected === 'string') {
        expect([simulated.allowed, simulated.refusal]).toEqual([false, expected]);
        seen.rule += 1;
        continue;
      }
      const own = worldCaller.kind === 'service' ? [] : expected.own;
      expect(comparable([simulated.caller.decisions, simulated.trust.decisions])).toEqual(comparable([own, expected.trust]));
      for (const { usedContext } of [...own, ...expected.trust]) for (const key of Object.keys(usedContext)) keysSeen.add(key);
      const allowed = expected.trust.length > 0 && [...own, ...expected.trust].every((decision) => decision.allowed);
      expect(simulated.allowed).toBe(allowed);
      if (allowed) seen.allowed += 1;
      else if (own.some((decision) => !decision.allowed)) seen.caller += 1;
      else if (expected.trust.length === 0) seen.absent += 1;
      else seen.trust += 1;
    }
  }), { numRuns: worldCount });
  expect(pairs).toBeGreaterThanOrEqual(20_000);
  // Each outcome is frequent, so that none of the comparisons is idle.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(pairs / 50);
  // So is every key that the generated conditions ask for.
  expect([...conditionKeys].filter((key) => !keysSeen.has(key))).toEqual([]);
});
