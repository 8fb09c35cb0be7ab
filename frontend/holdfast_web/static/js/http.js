// One request, one answer, always within a bound: {status, text}, or status 0 where none came.

export async function request(method, url, headersJson, body, timeoutMs) {
  try {
    const response = await fetch(url, {
      method,
      headers: JSON.parse(headersJson),
      body: body ?? undefined,
      cache: "no-store",
      signal: AbortSignal.timeout(timeoutMs),
    });
    return JSON.stringify({ status: response.status, text: await response.text() });
  } catch (error) {
    return JSON.stringify({ status: 0, text: String(error?.message ?? error) });
  }
}
