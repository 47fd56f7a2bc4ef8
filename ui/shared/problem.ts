import type { Problem } from './generated/types'

/** Whatever was thrown, as a problem with a code. */
export function asProblem(thrown: unknown): Problem {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown) {
    return thrown as Problem
  }
  return { code: 'failed', message: String(thrown), refused: null }
}
