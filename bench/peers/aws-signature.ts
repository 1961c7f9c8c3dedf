// AWS Signature Version 4 of a form post, for peers that check it.
import { createHash, createHmac } from 'node:crypto';
import { formPost } from './peer.js';

export interface AwsCall {
  readonly port: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly service: string;
  readonly form: Readonly<Record<string, string>>;
  readonly date: Date;
}

const region = 'us-east-1';
const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const mac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

export function signedFormPost({ port, accessKeyId, secretAccessKey, service, form, date }: AwsCall): string {
  const time = date.toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const payload = hash(new URLSearchParams(form).toString());
  const signedHeaders = 'content-type;host;x-amz-content-sha256;x-amz-date';
  const canonical = `POST\n/\n\ncontent-type:application/x-www-form-urlencoded\nhost:127.0.0.1:${port}\nx-amz-content-sha256:${payload}\nx-amz-date:${time}\n\n${signedHeaders}\n${payload}`;
  const scope = `${day}/${region}/${service}/aws4_request`;
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>((last, part) => mac(last, part), `AWS4${secretAccessKey}`);
  const signature = mac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash(canonical)}`).toString('hex');
  return formPost(port, '/', [
    `x-amz-content-sha256: ${payload}`, `x-amz-date: ${time}`,
    `authorization: AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
  ], form);
}
