// What goes wrong in a page itself. An address that is none is no fault.
import type { HandleClientError } from '@sveltejs/kit'

export const handleError: HandleClientError = ({ error, status }) => {
  if (status !== 404) reportError(error)
}
