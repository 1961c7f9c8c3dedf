// The one refusal of a login.
import { ApiError } from '../../base/api-error.js';

/** One text and one code for everything that is wrong with it. */
export const loginError = (): ApiError => new ApiError('unauthenticated', 'The username or password is wrong.');
