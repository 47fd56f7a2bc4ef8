import { shows } from '$lib/shows'

export const load = shows(async (_, { visit }) => ({ visit }))
