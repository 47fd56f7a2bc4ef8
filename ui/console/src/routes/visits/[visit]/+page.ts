import { shows } from '$lib/desk'

export const load = shows('GET /api/visits/{visit}', async (desk, { params }) => ({
  visit: await desk.ask(desk.council.visit(params.visit))
}))
