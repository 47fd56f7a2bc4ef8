import type { Problem } from './generated/types'

/** Turns anything that was thrown into a problem with a code. */
export function asProblem(thrown: unknown): Problem {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown) {
    return thrown as Problem
  }
  // A bug: report the details for the log, and show the person a general message.
  reportError(thrown)
  return {
    code: 'failed',
    message: 'Doorstep made a mistake. What was saved before is safe. Try again; if it happens again, tell support.',
    refused: null
  }
}
