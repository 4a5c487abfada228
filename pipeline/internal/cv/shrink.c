// Area averages of whole frames for the detectors: a bilinear sample of every fifth
// pixel would see the grain and miss a distant face.
#include "crop.h"
#include "colour.h"
#include <math.h>
#include <string.h>

// cut is the first sample that belongs to step i of size along a side of n samples,
// when the steps share the longer side.
static int cut(int i, int size, int longer, int n) {
	double at = (double)i * longer / size - (longer - n) / 2.0;
	int c = (int)floor(at + 0.5);
	return c < 0 ? 0 : c > n ? n : c;
}

// columns adds the rows [from, to) of a plane up (at most 257) and leaves in before[x] the
// sum of all columns left of x.
static void columns(uint32_t *restrict before, const uint8_t *restrict p, int width, int stride, int from, int to) {
	uint16_t sum[VIVA_WIDEST];
	memset(sum, 0, width * sizeof *sum);
	for (int y = from; y < to; y++) {
		const uint8_t *row = p + (int64_t)y * stride;
		for (int x = 0; x < width; x++) sum[x] += row[x];
	}
	uint32_t total = 0;
	for (int x = 0; x < width; x++) {
		before[x] = total;
		total += sum[x];
	}
	before[width] = total;
}

static inline float mean(const uint32_t *before, int from, int to, int rows) {
	return (float)(before[to] - before[from]) / (float)((to - from) * rows);
}

static void blank(float *dst, int plane, int n, float lo) {
	for (int u = 0; u < n; u++) dst[u] = dst[u + plane] = dst[u + 2 * plane] = lo;
}

void viva_shrink(float *dst, const uint8_t *y, const uint8_t *cb, const uint8_t *cr,
	viva_picture p, int size, float lo, float hi) {
	uint32_t l[VIVA_WIDEST + 1], b[VIVA_WIDEST / 2 + 1], r[VIVA_WIDEST / 2 + 1];
	const colour c = colour_of(p.full, 1, lo, hi);
	const int plane = size * size, longer = p.width > p.height ? p.width : p.height;
	const int cw = (p.width + 1) / 2;
	int x[VIVA_LARGEST + 1]; // where the pixels of a row begin
	for (int u = 0; u <= size; u++) x[u] = cut(u, size, longer, p.width);
	for (int v = 0; v < size; v++, dst += size) {
		int y0 = cut(v, size, longer, p.height), y1 = cut(v + 1, size, longer, p.height);
		if (y0 >= y1) {
			blank(dst, plane, size, lo);
			continue;
		}
		int h0 = y0 / 2, h1 = (y1 + 1) / 2;
		columns(l, y, p.width, p.ystride, y0, y1);
		columns(b, cb, cw, p.cstride, h0, h1);
		columns(r, cr, cw, p.cstride, h0, h1);
		for (int u = 0; u < size; u++) {
			int x0 = x[u], x1 = x[u + 1];
			if (x0 >= x1) {
				blank(dst + u, plane, 1, lo);
				continue;
			}
			put(dst + u, plane, &c, mean(l, x0, x1, y1 - y0),
				mean(b, x0 / 2, (x1 + 1) / 2, h1 - h0), mean(r, x0 / 2, (x1 + 1) / 2, h1 - h0));
		}
	}
}
