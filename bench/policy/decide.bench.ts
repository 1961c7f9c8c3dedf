// Decisions per second (column hz) for 1, 10, 100 and 500 statements with conditions; nothing asserts a time.
// Run: npx vitest bench --run --config config/vitest.config.ts bench/policy
import { bench, describe } from 'vitest';
import { contextOf, decideCaller, decideTrust, parsePolicy, type CallerQuestion, type NamedPolicy, type PrincipalIdentity } from '../../src/policy/index.js';

const account = '5'.repeat(32);
const principal: PrincipalIdentity = { kind: 'user', urn: `iam::${account}:user:bob`, accountId: account };
const agencyUrn = `iam::${account}:agency:ops/deploy`;
const action = 'sts:agencies:assume';
const entries = [
  ['g:CurrentTime', new Date('2024-01-01T13:00:00Z')], ['g:UserName', 'bob'], ['g:SourceIp', '192.0.2.7'], ['g:MFAPresent', true], ['g:PrincipalTag/team', 'ops'],
] as const;
const context = contextOf(entries);
const documentOf = (statements: readonly unknown[]): string => JSON.stringify({ Version: '5.0', Statement: statements });

/** Every statement covers action and resource and fails in its last condition, so that all of it is evaluated. */
const failing = (index: number) => ({
  Effect: 'Allow', Action: ['sts:agencies:*'], Resource: ['iam:*:*:agency:${g:PrincipalTag/team}/*'],
  Condition: { DateGreaterThan: { 'g:CurrentTime': '2024-01-01T12:00Z' }, StringMatch: { 'g:UserName': ['a*', 'b?b'] }, StringEquals: { 'g:PrincipalTag/team': `other-${index}` } },
});
const deciding = { Effect: 'Allow', Action: [action], Resource: [`iam::${account}:agency:*`], Condition: { Bool: { 'g:MFAPresent': 'true' }, IpAddress: { 'g:SourceIp': ['10.0.0.0/8', '192.0.2.0/24'] } } };

/** Ten statements to a policy, because one document does not hold 500. The last statement decides. */
function policiesOf(count: number, last: object): NamedPolicy[] {
  const statements = [...Array.from({ length: count - 1 }, (_, index) => failing(index)), last];
  const policies: NamedPolicy[] = [];
  for (let start = 0; start < count; start += 10) {
    policies.push({ name: `p${start}`, policy: parsePolicy('identity', documentOf(statements.slice(start, start + 10))) });
  }
  return policies;
}

describe.each([1, 10, 100, 500])('%i statements', (count) => {
  const base = { principal, action, resource: agencyUrn, serviceControlPolicies: undefined, context };
  const allowing: CallerQuestion = { ...base, identityPolicies: policiesOf(count, deciding) };
  const denying: CallerQuestion = { ...base, identityPolicies: policiesOf(count, failing(count)) };
  bench('allow', () => void decideCaller(allowing));
  bench('denial, explained', () => void decideCaller(denying));
});

describe('one call', () => {
  const trustDocument = documentOf([{
    Principal: { IAM: [account], Service: ['service.OBS'] }, Action: [action, 'sts::tagSession', 'sts::setSourceIdentity'], Effect: 'Allow',
    Condition: { DateGreaterThan: { 'g:CurrentTime': '2024-01-01T12:00Z' }, DateLessThan: { 'g:CurrentTime': '2024-01-01T15:00Z' } },
  }]);
  const trustPolicy = { name: 'trust', policy: parsePolicy('trust', trustDocument) };
  bench('trust policy of the documented example', () => void decideTrust({ principal, action, agencyUrn, trustPolicy, context }));
  bench('context of five keys', () => void contextOf(entries));
  bench('parsing that trust policy', () => void parsePolicy('trust', trustDocument));
});
