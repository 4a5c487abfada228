// One picture in I420 and how its samples become numbers; filled on the C side's
// stack, so that no Go pointer hides in Go memory.
#pragma once
#include <stdint.h>

typedef struct {
	const uint8_t *y, *cb, *cr;
	int width, height, ystride, cstride;
	int full; // samples are 0-255 (JPEG)
} viva_picture;

typedef struct {
	double x, y;   // centre of the first pixel, in pixels from the frame's top left corner
	double dx, dy; // from one pixel of a row to the next; (-dy, dx) from row to row
	int size;
	int replicate; // what lies outside repeats the border; else it is black
	float lo, hi;
} viva_grid;

void viva_crop(float *dst, const uint8_t *y, const uint8_t *cb, const uint8_t *cr,
	viva_picture p, viva_grid g);

// viva_shrink makes the upright square of the frame's longer side, the frame in its
// middle and black around it, out of area averages. Only for frames at least twice the
// size and at most VIVA_WIDEST wide, size at most VIVA_LARGEST.
#define VIVA_WIDEST 8192
#define VIVA_LARGEST 512
void viva_shrink(float *dst, const uint8_t *y, const uint8_t *cb, const uint8_t *cr,
	viva_picture p, int size, float lo, float hi);
