// From sums of luma and chroma samples to R, G and B in three float planes.

// colour holds BT.601's matrix with the range, the samples' scale (one step of 255 is
// scale) and the wanted range folded in.
typedef struct {
	float luma, offset;     // v = luma * sum + offset
	float rcr, gcb, gcr, bcb;
	float chroma0;          // sum of a colourless sample
	float lo, gain;
} colour;

static inline colour colour_of(int full, float scale, float lo, float hi) {
	const float unit = 255.0f * scale;
	const float ly = (full ? 1.0f : 255.0f / 219) / unit;
	const float lc = (full ? 1.0f : 255.0f / 224) / unit;
	colour c = {
		.luma = ly, .offset = full ? 0 : -16.0f / 219,
		.rcr = 1.402f * lc, .gcb = -0.344136f * lc, .gcr = -0.714136f * lc, .bcb = 1.772f * lc,
		.chroma0 = 128.0f * scale,
		.lo = lo, .gain = hi - lo,
	};
	return c;
}

// Written so that each half is one instruction and no branch.
static inline float unit(float v) {
	v = v > 0 ? v : 0;
	return v < 1 ? v : 1;
}

static inline void put(float *dst, int plane, const colour *c, float l, float b, float r) {
	float v = c->luma * l + c->offset;
	float cb = b - c->chroma0, cr = r - c->chroma0;
	dst[0] = c->lo + c->gain * unit(v + c->rcr * cr);
	dst[plane] = c->lo + c->gain * unit(v + c->gcb * cb + c->gcr * cr);
	dst[2 * plane] = c->lo + c->gain * unit(v + c->bcb * cb);
}
