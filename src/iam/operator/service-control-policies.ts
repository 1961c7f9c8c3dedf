// The service control policies of an account, as the operator sets them: all of them at once.
import { z } from 'zod';
import { serviceControlPolicyName } from '../../directory/bootstrap-fields.js';
import { replaceServiceControlPolicies, serviceControlPoliciesPerAccount } from '../../directory/commands/service-control-policies.js';
import { policyDocument } from '../fields.js';
import type { OperatorGround, OperatorResult } from './operator-call.js';

const policies = z.array(z.object({ name: serviceControlPolicyName, policy_document: policyDocument('service-control') })).max(serviceControlPoliciesPerAccount)
  .superRefine((entries, context) => {
    const names = entries.map(({ name }) => name);
    const twice = names.findIndex((name, index) => names.indexOf(name) < index);
    if (twice >= 0) context.addIssue({ code: 'custom', message: `\`${names[twice] ?? ''}\` is given twice`, path: [twice, 'name'] });
  });

export const putServiceControlPoliciesBody = z.object({ account_id: z.string().optional(), service_control_policies: policies.nullable() });
/** `null`: the account is in no organization. */
export const serviceControlPoliciesResponse = z.object({ service_control_policies: z.array(z.object({ name: z.string(), policy_document: z.string() })).nullable() });

type Answer = z.infer<typeof serviceControlPoliciesResponse>;

export function get({ account: { account, serviceControlPolicies } }: OperatorGround): OperatorResult<Answer> {
  const held = serviceControlPolicies.values().map(({ name, document }) => ({ name, policy_document: document }));
  return { body: { service_control_policies: account.inOrganization ? held : null } };
}

export function put({ account }: OperatorGround, { body: { service_control_policies: given } }: { readonly body: z.output<typeof putServiceControlPoliciesBody> }): OperatorResult<Answer> {
  const change = replaceServiceControlPolicies(account, given?.map(({ name, policy_document: document }) => ({ name, document })));
  const inOrder = given === null ? null : [...given].sort((one, other) => (one.name < other.name ? -1 : 1));
  return { body: { service_control_policies: inOrder }, change };
}
