// The STS operations that the commands call: their wire names and shapes (STS API §3).
import { z } from 'zod';
import { simulateAnswer, type SimulateAnswer } from '../sts/simulate-answer.js';
import type { SimulateBody } from '../sts/simulate-input.js';
import type { Call } from './call.js';

const printableWord = z.string().regex(/^[!-~]+$/);

const SessionAnswer = z.object({
  source_identity: z.string().optional(),
  assumed_agency: z.object({ urn: z.string(), id: z.string() }),
  credentials: z.object({
    access_key_id: z.string().regex(/^[A-Za-z0-9]{8,40}$/),
    secret_access_key: printableWord,
    security_token: printableWord,
    expiration: z.iso.datetime({ offset: true }),
  }),
});
export type SessionAnswer = z.infer<typeof SessionAnswer>;

export interface AssumeInput {
  readonly agencyUrn: string;
  readonly agencySessionName: string;
  readonly durationSeconds?: number | undefined;
  readonly externalId?: string | undefined;
  readonly policy?: string | undefined;
  readonly policyIds?: readonly string[] | undefined;
  readonly mfa?: { readonly serialNumber: string; readonly tokenCode: string } | undefined;
  readonly sourceIdentity?: string | undefined;
  readonly tags?: readonly { readonly key: string; readonly value: string }[] | undefined;
  readonly transitiveTagKeys?: readonly string[] | undefined;
}

export function assumeAgency(input: AssumeInput): Call<SessionAnswer> {
  // Members that are undefined do not reach the wire.
  const body = {
    agency_urn: input.agencyUrn,
    agency_session_name: input.agencySessionName,
    duration_seconds: input.durationSeconds,
    external_id: input.externalId,
    policy: input.policy,
    policy_ids: input.policyIds,
    serial_number: input.mfa?.serialNumber,
    token_code: input.mfa?.tokenCode,
    source_identity: input.sourceIdentity,
    tags: input.tags,
    transitive_tag_keys: input.transitiveTagKeys,
  };
  return { method: 'POST', path: '/v5/agencies/assume', body, answer: SessionAnswer };
}

const CallerIdentity = z.object({ account_id: z.string(), principal_urn: z.string(), principal_id: z.string() });

export const getCallerIdentity: Call<z.infer<typeof CallerIdentity>> = { method: 'GET', path: '/v5/caller-identity', answer: CallerIdentity };

const DecodedMessage = z.object({ decoded_message: z.string() });

export function decodeAuthorizationMessage(encodedMessage: string): Call<z.infer<typeof DecodedMessage>> {
  return { method: 'POST', path: '/v5/decode-authorization-message', body: { encoded_message: encodedMessage }, answer: DecodedMessage };
}

/** Ours, beside the cloud's operations. */
export function simulatePolicies(body: SimulateBody): Call<SimulateAnswer> {
  return { method: 'POST', path: '/v1/simulate', body, answer: simulateAnswer };
}
