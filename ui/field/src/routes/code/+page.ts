import { shows } from '$lib/shows'

export const load = shows(async (app, { url }) => ({
  code: await app.read(app.core.code(url.searchParams.get('search')))
}))
