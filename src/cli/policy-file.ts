// Reads a session policy from a file.
import { z } from 'zod';
import { usageError } from './command-error.js';
import { readInput } from './read-input.js';
import { quote } from './text.js';

const PolicyOutline = z.looseObject({ Statement: z.union([z.array(z.unknown()), z.looseObject({})]) });

/** The policy without blanks between its tokens. Throws a CommandError for a file that is no policy at all. */
export async function readPolicyFile(file: string): Promise<string> {
  const text = await readInput('policy file', file);
  // The full judgement is the service's; this keeps a wrong file, perhaps one with secrets, from being sent.
  if (!PolicyOutline.safeParse(parseJson(file, text)).success) throw usageError(`policy file ${quote(file)} is no policy: it has no \`Statement\``);
  // Blanks between tokens would count against the 2,048 characters. Parsing and printing again would hide a
  // repeated key, which is the service's to refuse.
  return text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, (_, literal: string | undefined) => literal ?? '');
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usageError(`policy file ${quote(file)} is not JSON: ${error instanceof Error ? error.message : ''}`);
  }
}
