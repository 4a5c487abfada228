// Sampling of a rotated square out of I420 planes into three float planes.
//
// Rows are cut in three: the middle, where every sample and its neighbours lie in the
// planes, goes through AVX2 where the processor has it; both ends go through the
// plain loop that knows about borders. Fractions have 7 bits in both, so they give
// the same numbers to the last rounding.
#include "crop.h"
#include "colour.h"
#include <math.h>

#define FRACTION 7
#define ONE (1 << FRACTION)

// tap is a bilinear sample: four neighbours and their weights.
typedef struct {
	int at, right, down; // offset of the first sample, steps to its neighbours (0 at the edge)
	int fx, fy;
} tap;

// tap_at puts a tap at x, y in samples (0 is the first one's centre), kept inside.
static inline tap tap_at(double x, double y, int width, int height, int stride) {
	x = x < 0 ? 0 : x > width - 1 ? width - 1 : x;
	y = y < 0 ? 0 : y > height - 1 ? height - 1 : y;
	int ix = (int)x, iy = (int)y;
	tap t = {
		.at = iy * stride + ix,
		.right = ix + 1 < width, .down = iy + 1 < height ? stride : 0,
		.fx = (int)((x - ix) * ONE), .fy = (int)((y - iy) * ONE),
	};
	return t;
}

static inline int sample(const uint8_t *p, const tap *t) {
	p += t->at;
	int top = p[0] * (ONE - t->fx) + p[t->right] * t->fx;
	p += t->down;
	int bottom = p[0] * (ONE - t->fx) + p[t->right] * t->fx;
	return top * (ONE - t->fy) + bottom * t->fy;
}

static void plain(float *dst, int plane, int from, int to, const viva_picture *p, const viva_grid *g,
	const colour *c, double x0, double y0) {
	for (int u = from; u < to; u++) {
		double x = x0 + u * g->dx, y = y0 + u * g->dy;
		int inside = x >= 0 && y >= 0 && x < p->width && y < p->height;
		if (!inside && !g->replicate) {
			dst[u] = dst[u + plane] = dst[u + 2 * plane] = g->lo;
			continue;
		}
		tap l = tap_at(x - 0.5, y - 0.5, p->width, p->height, p->ystride);
		tap h = tap_at(x / 2 - 0.5, y / 2 - 0.5, (p->width + 1) / 2, (p->height + 1) / 2, p->cstride);
		put(dst + u, plane, c, sample(p->y, &l), sample(p->cb, &h), sample(p->cr, &h));
	}
}

// narrow shrinks [from, to) to the u where lo <= at + u * step <= hi.
static void narrow(int *from, int *to, double at, double step, double lo, double hi) {
	double a = *from, b = *to;
	if (fabs(step) < 1e-9) {
		if (!(at >= lo && at <= hi)) b = a;
	} else {
		double p = (lo - at) / step, q = (hi - at) / step;
		if (p > q) { double t = p; p = q; q = t; }
		if (!(p <= a)) a = p < b ? ceil(p) : b;
		if (!(q >= b - 1)) b = q >= a ? floor(q) + 1 : a;
	}
	*from = (int)a;
	*to = b > a ? (int)b : (int)a;
}

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx2,fma")))
static inline __m256i sample8(const uint8_t *p, __m256i at, int stride, __m256i wx, __m256i wy) {
	const __m256i spread = _mm256_setr_epi8(
		0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13, -1,
		0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13, -1);
	__m256i top = _mm256_i32gather_epi32((const int *)p, at, 1);
	__m256i bottom = _mm256_i32gather_epi32((const int *)(p + stride), at, 1);
	top = _mm256_madd_epi16(_mm256_shuffle_epi8(top, spread), wx);
	bottom = _mm256_madd_epi16(_mm256_shuffle_epi8(bottom, spread), wx);
	return _mm256_madd_epi16(_mm256_or_si256(top, _mm256_slli_epi32(bottom, 16)), wy);
}

// weights makes pairs (ONE - f, f) of 16 bits out of 16.16 positions.
__attribute__((target("avx2,fma")))
static inline __m256i weights(__m256i at) {
	__m256i f = _mm256_and_si256(_mm256_srli_epi32(at, 16 - FRACTION), _mm256_set1_epi32(ONE - 1));
	return _mm256_or_si256(_mm256_sub_epi32(_mm256_set1_epi32(ONE), f), _mm256_slli_epi32(f, 16));
}

__attribute__((target("avx2,fma")))
static inline __m256i offsets(__m256i x, __m256i y, int stride) {
	return _mm256_add_epi32(_mm256_srai_epi32(x, 16),
		_mm256_mullo_epi32(_mm256_srai_epi32(y, 16), _mm256_set1_epi32(stride)));
}

__attribute__((target("avx2,fma")))
static inline __m256 shade(__m256 v, const colour *c) {
	v = _mm256_min_ps(_mm256_max_ps(v, _mm256_setzero_ps()), _mm256_set1_ps(1));
	return _mm256_fmadd_ps(v, _mm256_set1_ps(c->gain), _mm256_set1_ps(c->lo));
}

// fast does [from, to) in eights and returns where it stopped. Everything that its
// gathers touch (four bytes from each sample, in two rows) lies in the planes.
__attribute__((target("avx2,fma")))
static int fast(float *dst, int plane, int from, int to, const viva_picture *p, const viva_grid *g,
	const colour *c, double x0, double y0) {
	const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
	const __m256i quarter = _mm256_set1_epi32(1 << 14);
	const int sx = (int)lrint(g->dx * 65536), sy = (int)lrint(g->dy * 65536);
	int u = from;
	__m256i x = _mm256_add_epi32(_mm256_set1_epi32((int)lrint((x0 + u * g->dx - 0.5) * 65536)),
		_mm256_mullo_epi32(lane, _mm256_set1_epi32(sx)));
	__m256i y = _mm256_add_epi32(_mm256_set1_epi32((int)lrint((y0 + u * g->dy - 0.5) * 65536)),
		_mm256_mullo_epi32(lane, _mm256_set1_epi32(sy)));
	const __m256i dx = _mm256_set1_epi32(8 * sx), dy = _mm256_set1_epi32(8 * sy);
	const __m256 chroma0 = _mm256_set1_ps(c->chroma0);
	for (; u + 8 <= to; u += 8) {
		__m256i l = sample8(p->y, offsets(x, y, p->ystride), p->ystride, weights(x), weights(y));
		__m256i hx = _mm256_sub_epi32(_mm256_srai_epi32(x, 1), quarter);
		__m256i hy = _mm256_sub_epi32(_mm256_srai_epi32(y, 1), quarter);
		__m256i at = offsets(hx, hy, p->cstride), wx = weights(hx), wy = weights(hy);
		__m256 v = _mm256_fmadd_ps(_mm256_cvtepi32_ps(l), _mm256_set1_ps(c->luma), _mm256_set1_ps(c->offset));
		__m256 cb = _mm256_sub_ps(_mm256_cvtepi32_ps(sample8(p->cb, at, p->cstride, wx, wy)), chroma0);
		__m256 cr = _mm256_sub_ps(_mm256_cvtepi32_ps(sample8(p->cr, at, p->cstride, wx, wy)), chroma0);
		__m256 green = _mm256_fmadd_ps(cb, _mm256_set1_ps(c->gcb), _mm256_fmadd_ps(cr, _mm256_set1_ps(c->gcr), v));
		_mm256_storeu_ps(dst + u, shade(_mm256_fmadd_ps(cr, _mm256_set1_ps(c->rcr), v), c));
		_mm256_storeu_ps(dst + u + plane, shade(green, c));
		_mm256_storeu_ps(dst + u + 2 * plane, shade(_mm256_fmadd_ps(cb, _mm256_set1_ps(c->bcb), v), c));
		x = _mm256_add_epi32(x, dx);
		y = _mm256_add_epi32(y, dy);
	}
	return u;
}

static int has_fast(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#else
static int has_fast(void) { return 0; }
static int fast(float *dst, int plane, int from, int to, const viva_picture *p, const viva_grid *g,
	const colour *c, double x0, double y0) { return from; }
#endif

void viva_crop(float *dst, const uint8_t *y, const uint8_t *cb, const uint8_t *cr,
	viva_picture p, viva_grid g) {
	p.y = y; p.cb = cb; p.cr = cr;
	const colour c = colour_of(p.full, ONE * ONE, g.lo, g.hi);
	const int plane = g.size * g.size;
	// 16.16 positions end at 32767; the gathers' offsets are 32 bits.
	const int can = has_fast() && p.width < 32000 && p.height < 32000 &&
		(int64_t)p.ystride * p.height < INT32_MAX && fabs(g.dx) < 2000 && fabs(g.dy) < 2000;
	// Four bytes from floor(x/2 - 0.5) must lie in a chroma row, and that is the tighter
	// bound; a hundredth of a pixel is room for the rounding of the steps.
	const double left = 1.02, right = 2 * ((p.width + 1) / 2) - 6.02;
	const double top = 1.02, bottom = 2 * ((p.height + 1) / 2) - 2.02;
	for (int v = 0; v < g.size; v++) {
		double x0 = g.x - v * g.dy, y0 = g.y + v * g.dx;
		int from = 0, to = can ? g.size : 0;
		narrow(&from, &to, x0, g.dx, left, right);
		narrow(&from, &to, y0, g.dy, top, bottom);
		int rest = to > from ? fast(dst, plane, from, to, &p, &g, &c, x0, y0) : from;
		plain(dst, plane, 0, from, &p, &g, &c, x0, y0);
		plain(dst, plane, rest, g.size, &p, &g, &c, x0, y0);
		dst += g.size;
	}
}
