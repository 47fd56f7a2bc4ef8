// Logs errors in a screen's own code. A wrong address (404) is not an error.
import type { HandleClientError } from '@sveltejs/kit'

export const handleError: HandleClientError = ({ error, status }) => {
  if (status !== 404) reportError(error)
}
