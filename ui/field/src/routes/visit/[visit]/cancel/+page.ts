import { shows } from '$lib/shows'

export const load = shows(async (app, { visit }) => ({ visit: await app.visit(visit) }))
