import { shows } from '$lib/shows'

export const load = shows(async (_, { url }) => ({ visit: url.searchParams.get('visit') }))
