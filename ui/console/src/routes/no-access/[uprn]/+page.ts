import { shows } from '$lib/desk'

export const load = shows('GET /api/no-access/{uprn}', async (desk, { params }) => ({
  pack: await desk.ask(desk.council.evidence(params.uprn))
}))
