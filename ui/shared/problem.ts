import type { Problem } from './generated/types'

/** Whatever was thrown, as a problem with a code. */
export function asProblem(thrown: unknown): Problem {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown) {
    return thrown as Problem
  }
  // What went wrong in the program itself is for the log, and not for whoever uses it.
  reportError(thrown)
  return {
    code: 'failed',
    message: 'Doorstep made a mistake. What was saved before is safe. Try again; if it happens again, tell support.',
    refused: null
  }
}
