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
#define THIRD 43 // of ONE

// boxes are the sides of the squares of samples that are averaged for one pixel: 1 is
// plain bilinear. A crop that shrinks would else see the sensor's noise and alias.
typedef struct { int luma, chroma; } boxes;

static int box_of(double step) { return step < 1.5 ? 1 : step < 2.5 ? 2 : 3; }

// weigh gives the weights of box + 1 neighbouring samples, in sum ONE: the mean of box
// linear samples one apart, the first of which lies f / ONE after the first sample.
static inline void weigh(int w[4], int box, int f) {
	w[2] = w[3] = 0;
	if (box == 1) {
		w[0] = ONE - f;
		w[1] = f;
	} else if (box == 2) {
		w[0] = (ONE - f) >> 1;
		w[2] = f >> 1;
		w[1] = ONE - w[0] - w[2];
	} else {
		w[0] = (ONE - f) * THIRD >> FRACTION;
		w[3] = f * THIRD >> FRACTION;
		w[1] = (ONE - w[0] - w[3]) >> 1;
		w[2] = ONE - w[0] - w[1] - w[3];
	}
}

static inline int clip(int v, int n) { return v < 0 ? 0 : v >= n ? n - 1 : v; }

// between keeps a position within a box around n samples: beyond it all is border, and
// ints do not reach as far as doubles.
static inline double between(double x, int n) {
	x = x > -8 ? x : -8;
	return x < n + 8 ? x : n + 8;
}

// sample is one plane at x, y (0 is the first sample's centre), border repeated.
static int sample(const uint8_t *p, int width, int height, int stride, int box, double x, double y) {
	int wx[4], wy[4], sum = 0;
	x = between(x, width) - (box - 1) / 2.0;
	y = between(y, height) - (box - 1) / 2.0;
	int ix = (int)(x + 16) - 16, iy = (int)(y + 16) - 16; // floor, without a call
	weigh(wx, box, (int)((x - ix) * ONE));
	weigh(wy, box, (int)((y - iy) * ONE));
	for (int j = 0; j <= box; j++) {
		const uint8_t *row = p + (int64_t)clip(iy + j, height) * stride;
		for (int i = 0; i <= box; i++) sum += wy[j] * wx[i] * row[clip(ix + i, width)];
	}
	return sum;
}

static void plain(float *dst, int plane, int from, int to, const viva_picture *p, const viva_grid *g,
	const colour *c, const boxes *n, double x0, double y0) {
	const int cw = (p->width + 1) / 2, ch = (p->height + 1) / 2;
	for (int u = from; u < to; u++) {
		double x = x0 + u * g->dx, y = y0 + u * g->dy;
		int inside = x >= 0 && y >= 0 && x < p->width && y < p->height;
		if (!inside && !g->replicate) {
			dst[u] = dst[u + plane] = dst[u + 2 * plane] = g->lo;
			continue;
		}
		put(dst + u, plane, c,
			sample(p->y, p->width, p->height, p->ystride, n->luma, x - 0.5, y - 0.5),
			sample(p->cb, cw, ch, p->cstride, n->chroma, x / 2 - 0.5, y / 2 - 0.5),
			sample(p->cr, cw, ch, p->cstride, n->chroma, x / 2 - 0.5, y / 2 - 0.5));
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

// two samples 8 pairs of rows, bilinear. wx and wy are pairs of 16 bits.
__attribute__((target("avx2,fma")))
static inline __m256i two(const uint8_t *p, __m256i at, int stride, __m256i wx, __m256i wy) {
	const __m256i spread = _mm256_setr_epi8(
		0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13, -1,
		0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13, -1);
	__m256i top = _mm256_i32gather_epi32((const int *)p, at, 1);
	__m256i bottom = _mm256_i32gather_epi32((const int *)(p + stride), at, 1);
	top = _mm256_madd_epi16(_mm256_shuffle_epi8(top, spread), wx);
	bottom = _mm256_madd_epi16(_mm256_shuffle_epi8(bottom, spread), wx);
	return _mm256_madd_epi16(_mm256_or_si256(top, _mm256_slli_epi32(bottom, 16)), wy);
}

// many averages box + 1 rows of four samples; wx and wy are four bytes each, at most 127.
__attribute__((target("avx2,fma")))
static inline __m256i many(const uint8_t *p, __m256i at, int stride, int box, __m256i wx, __m256i wy) {
	__m256i sum = _mm256_setzero_si256();
	for (int j = 0; j <= box; j++) {
		__m256i row = _mm256_i32gather_epi32((const int *)(p + j * stride), at, 1);
		row = _mm256_madd_epi16(_mm256_maddubs_epi16(row, wx), _mm256_set1_epi16(1));
		sum = _mm256_add_epi32(sum, _mm256_madd_epi16(row, _mm256_and_si256(wy, _mm256_set1_epi32(255))));
		wy = _mm256_srli_epi32(wy, 8);
	}
	return sum;
}

__attribute__((target("avx2,fma")))
static inline __m256i sample8(const uint8_t *p, __m256i at, int stride, int box, __m256i wx, __m256i wy) {
	return box == 1 ? two(p, at, stride, wx, wy) : many(p, at, stride, box, wx, wy);
}

// weigh8 is weigh for 16.16 positions: two numbers of 16 bits for box 1, else four bytes.
__attribute__((target("avx2,fma")))
static inline __m256i weigh8(__m256i at, int box) {
	const __m256i one = _mm256_set1_epi32(ONE);
	__m256i f = _mm256_and_si256(_mm256_srli_epi32(at, 16 - FRACTION), _mm256_set1_epi32(ONE - 1));
	__m256i g = _mm256_sub_epi32(one, f);
	if (box == 1) return _mm256_or_si256(g, _mm256_slli_epi32(f, 16));
	__m256i w0, w1, w2, w3;
	if (box == 2) {
		w0 = _mm256_srli_epi32(g, 1);
		w2 = _mm256_srli_epi32(f, 1);
		w1 = _mm256_sub_epi32(one, _mm256_add_epi32(w0, w2));
		w3 = _mm256_setzero_si256();
	} else {
		w0 = _mm256_srli_epi32(_mm256_mullo_epi32(g, _mm256_set1_epi32(THIRD)), FRACTION);
		w3 = _mm256_srli_epi32(_mm256_mullo_epi32(f, _mm256_set1_epi32(THIRD)), FRACTION);
		__m256i rest = _mm256_sub_epi32(one, _mm256_add_epi32(w0, w3));
		w1 = _mm256_srli_epi32(rest, 1);
		w2 = _mm256_sub_epi32(rest, w1);
	}
	return _mm256_or_si256(_mm256_or_si256(w0, _mm256_slli_epi32(w1, 8)),
		_mm256_or_si256(_mm256_slli_epi32(w2, 16), _mm256_slli_epi32(w3, 24)));
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
	const colour *c, const boxes *n, double x0, double y0) {
	const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
	// From luma's samples to chroma's, and from the middle of a box to its first sample.
	const __m256i quarter = _mm256_set1_epi32((1 << 14) + (n->chroma - 1) * (1 << 15));
	const __m256i half = _mm256_set1_epi32((n->luma - 1) * (1 << 15));
	const int sx = (int)lrint(g->dx * 65536), sy = (int)lrint(g->dy * 65536);
	int u = from;
	__m256i x = _mm256_add_epi32(_mm256_set1_epi32((int)lrint((x0 + u * g->dx - 0.5) * 65536)),
		_mm256_mullo_epi32(lane, _mm256_set1_epi32(sx)));
	__m256i y = _mm256_add_epi32(_mm256_set1_epi32((int)lrint((y0 + u * g->dy - 0.5) * 65536)),
		_mm256_mullo_epi32(lane, _mm256_set1_epi32(sy)));
	const __m256i dx = _mm256_set1_epi32(8 * sx), dy = _mm256_set1_epi32(8 * sy);
	const __m256 chroma0 = _mm256_set1_ps(c->chroma0);
	for (; u + 8 <= to; u += 8) {
		__m256i lx = _mm256_sub_epi32(x, half), ly = _mm256_sub_epi32(y, half);
		__m256i l = sample8(p->y, offsets(lx, ly, p->ystride), p->ystride, n->luma,
			weigh8(lx, n->luma), weigh8(ly, n->luma));
		__m256i hx = _mm256_sub_epi32(_mm256_srai_epi32(x, 1), quarter);
		__m256i hy = _mm256_sub_epi32(_mm256_srai_epi32(y, 1), quarter);
		__m256i at = offsets(hx, hy, p->cstride), wx = weigh8(hx, n->chroma), wy = weigh8(hy, n->chroma);
		__m256 v = _mm256_fmadd_ps(_mm256_cvtepi32_ps(l), _mm256_set1_ps(c->luma), _mm256_set1_ps(c->offset));
		__m256 cb = _mm256_sub_ps(_mm256_cvtepi32_ps(sample8(p->cb, at, p->cstride, n->chroma, wx, wy)), chroma0);
		__m256 cr = _mm256_sub_ps(_mm256_cvtepi32_ps(sample8(p->cr, at, p->cstride, n->chroma, wx, wy)), chroma0);
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
	const colour *c, const boxes *n, double x0, double y0) { return from; }
#endif

void viva_crop(float *dst, const uint8_t *y, const uint8_t *cb, const uint8_t *cr,
	viva_picture p, viva_grid g) {
	p.y = y; p.cb = cb; p.cr = cr;
	const colour c = colour_of(p.full, ONE * ONE, g.lo, g.hi);
	const int plane = g.size * g.size;
	const double step = hypot(g.dx, g.dy);
	const boxes n = { box_of(step), box_of(step / 2) };
	// 16.16 positions end at 32767; the gathers' offsets are 32 bits.
	const int can = has_fast() && p.width < 32000 && p.height < 32000 &&
		(int64_t)p.ystride * p.height < INT32_MAX && fabs(g.dx) < 2000 && fabs(g.dy) < 2000;
	// Luma and chroma have their own limits; a hundredth of a pixel is room for the
	// rounding of the steps.
	const double slack = 0.02, lead = (n.luma - 1) / 2.0 + 0.5, hlead = n.chroma; // of (n - 1) / 2 + 0.5 samples
	const double left = fmax(lead, hlead) + slack, top = left;
	const double right = fmin(p.width - 4 + lead, 2 * ((p.width + 1) / 2 - 4) + hlead) - slack;
	const double bottom = fmin(p.height - 1 - n.luma + lead, 2 * ((p.height + 1) / 2 - 1 - n.chroma) + hlead) - slack;
	for (int v = 0; v < g.size; v++) {
		double x0 = g.x - v * g.dy, y0 = g.y + v * g.dx;
		int from = 0, to = can ? g.size : 0;
		narrow(&from, &to, x0, g.dx, left, right);
		narrow(&from, &to, y0, g.dy, top, bottom);
		int rest = to > from ? fast(dst, plane, from, to, &p, &g, &c, &n, x0, y0) : from;
		plain(dst, plane, 0, from, &p, &g, &c, &n, x0, y0);
		plain(dst, plane, rest, g.size, &p, &g, &c, &n, x0, y0);
		dst += g.size;
	}
}
