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

// span is the samples of a row that make one pixel.
typedef struct {
	int from, to;
	float share; // one over their number
} span;

static span span_of(int from, int to) {
	span s = { from, to, to > from ? 1.0f / (float)(to - from) : 0 };
	return s;
}

static inline float mean(const uint32_t *before, span s, float rows) {
	return (float)(int)(before[s.to] - before[s.from]) * s.share * rows;
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
	span ls[VIVA_LARGEST], hs[VIVA_LARGEST];
	for (int u = 0; u < size; u++) {
		ls[u] = span_of(cut(u, size, longer, p.width), cut(u + 1, size, longer, p.width));
		hs[u] = span_of(ls[u].from / 2, (ls[u].to + 1) / 2);
	}
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
		const float lrows = 1.0f / (float)(y1 - y0), hrows = 1.0f / (float)(h1 - h0);
		for (int u = 0; u < size; u++) {
			if (ls[u].from >= ls[u].to) {
				blank(dst + u, plane, 1, lo);
				continue;
			}
			put(dst + u, plane, &c, mean(l, ls[u], lrows), mean(b, hs[u], hrows), mean(r, hs[u], hrows));
		}
	}
}
