// The STS operations that the commands call: their wire names and shapes (STS API §3).
import { z } from 'zod';
import { simulateAnswer, type SimulateAnswer } from '../sts/simulate-answer.js';
import type { SimulateBody } from '../sts/simulate-input.js';
import type { Call } from './call.js';

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
