// The desk: the council behind it, and who has signed in.
import { connect } from '$lib/council'
import { Desk, SESSION } from '$lib/desk'
import { asProblem } from '$shared/problem'
import type { LayoutLoad } from './$types'

export const ssr = false

export const load: LayoutLoad = async ({ depends }) => {
  depends(SESSION)
  const council = connect()
  try {
    return { desk: new Desk(council, await council.session()) }
  } catch (thrown) {
    // Without a session, the sign-in is shown. If the council did not answer, it says so.
    const problem = asProblem(thrown)
    return { desk: new Desk(council, null, problem.code === 'sign-in-first' ? undefined : problem) }
  }
}
