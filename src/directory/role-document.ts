// What a custom role of the older system may say: a policy document of version 1.1.
import { PolicyError, readJson } from '../policy/index.js';

/** Throws a {@link PolicyError} for a text that is no such document. */
export function checkRoleDocument(text: string): void {
  readJson(text);
  const document: unknown = JSON.parse(text);
  const refuse = (pointer: string, sentence: string): never => {
    throw new PolicyError(pointer, 'role-document', sentence);
  };
  if (!isObject(document)) return refuse('', 'the document must be an object');
  if (document['Version'] !== '1.1') refuse('/Version', 'Version must be "1.1"');
  const statements = document['Statement'];
  if (!Array.isArray(statements) || statements.length < 1 || statements.length > 8) return refuse('/Statement', 'Statement must be a list of 1 to 8 statements');
  statements.forEach((statement: unknown, index) => {
    const at = `/Statement/${index}`;
    if (!isObject(statement)) return refuse(at, 'a statement must be an object');
    if (statement['Effect'] !== 'Allow' && statement['Effect'] !== 'Deny') refuse(`${at}/Effect`, 'Effect must be Allow or Deny');
    const actions = statement['Action'];
    if (!Array.isArray(actions) || actions.length < 1 || actions.length > 100 || !actions.every((action) => typeof action === 'string')) refuse(`${at}/Action`, 'Action must be a list of 1 to 100 actions');
  });
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
