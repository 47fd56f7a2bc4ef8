import { shows } from '$lib/shows'

export const load = shows(async (app) => ({ visits: await app.read(app.core.pastVisits()) }))
