// The CloudFront Function of the page (viewer-request, runtime cloudfront-js-2.0).
// A path without an extension is a route of the page, which the page's script
// reads, so it gets index.html. A path with an extension is a file: an outdated script must
// fail with 404 and not receive HTML. page-vectors.json has the test cases.
//
// An error page of the distribution would do the same for the page, but it would
// also replace the 404 responses of the API.
function handler(event) {
  const request = event.request;
  const path = request.uri.replace(/\/+$/, '');
  if (!/\.[^\/]*$/.test(path)) {
    request.uri = '/index.html';
  }
  return request;
}
