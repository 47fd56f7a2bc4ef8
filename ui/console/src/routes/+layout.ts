// The desk: the council behind it, and who has signed in.
import { connect } from '$lib/council'
import { Desk, SESSION } from '$lib/desk'
import type { LayoutLoad } from './$types'

export const ssr = false

export const load: LayoutLoad = async ({ depends }) => {
  depends(SESSION)
  const council = connect()
  // Who has no session signs in, and is told there if the council does not answer.
  const session = await council.session().catch(() => null)
  return { desk: new Desk(council, session) }
}
