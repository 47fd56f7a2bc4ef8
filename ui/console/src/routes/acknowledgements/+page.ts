import { shows } from '$lib/desk'

export const load = shows('GET /api/acknowledgements', async (desk, { url }) => ({
  register: await desk.ask(desk.council.register(url.search))
}))
