// Package web holds the page and the capture element: plain ES modules, served as they are.
//
// Only page/ and capture/ are embedded and served. Tests, tools and screenshots lie beside it
// and never reach a browser.
package web

import (
	"embed"
	"io/fs"
)

//go:embed page capture/*.js capture/*.html capture/*.css
var embedded embed.FS

// Files gives what is served at the root of the site: index.html for the browser,
// kiosk.html for a screen whose camera the server holds, and what they load.
// Both work under the policy `default-src 'self'`.
func Files() fs.FS {
	page, err := fs.Sub(embedded, "page")
	if err != nil {
		return embedded // "page" is a valid path: Sub cannot refuse it
	}
	return page
}

// Capture gives what is served under /capture/: the element <idlive-face-capture>, a package of its own that other
// sites load, and a page that shows it. Both work under the policy `default-src 'self'`.
func Capture() fs.FS {
	capture, err := fs.Sub(embedded, "capture")
	if err != nil {
		return embedded // "capture" is a valid path: Sub cannot refuse it
	}
	return capture
}
