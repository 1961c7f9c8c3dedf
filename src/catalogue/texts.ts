// Texts that people read, in the two languages of the API.
import type { LocalizedText } from './file.js';

export interface Texts {
  readonly enUs: string;
  readonly zhCn: string;
}

export const textsOf = ({ en_us: enUs, zh_cn: zhCn }: LocalizedText): Texts => ({ enUs, zhCn });
