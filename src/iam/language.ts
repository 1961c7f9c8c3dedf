// The language that a caller wants to read descriptions in (IAM v5 API §1).
import type { Texts } from '../catalogue/index.js';
import type { Ground } from './account-call.js';

/** `X-Language: en-us`; [choice] everything else, and a header that is not signed, is the default, `zh-cn`. */
export const inLanguageOf = ({ caller }: Ground, { enUs, zhCn }: Texts): string =>
  (caller.signature.header('x-language')?.toLowerCase() === 'en-us' ? enUs : zhCn);
