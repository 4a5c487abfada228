package signaling

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"vivavoce/pipeline"
)

// Metrics counts for Prometheus what servers and attempts do. It is a
// [pipeline.Metrics]. No label names a session.
type Metrics struct {
	sessions  *prometheus.GaugeVec
	verdicts  *prometheus.CounterVec
	hints     *prometheus.CounterVec
	errors    *prometheus.CounterVec
	over      *prometheus.CounterVec
	store     *prometheus.CounterVec
	lipsecure *prometheus.CounterVec
	drops     *prometheus.CounterVec
	media     *prometheus.CounterVec
	frames    *prometheus.CounterVec
	prompts   *prometheus.CounterVec
	stages    *prometheus.HistogramVec
	latency   prometheus.Histogram
	ack       prometheus.Histogram
	toVerdict prometheus.Histogram
}

// fine are the bounds of what happens within a frame, in seconds: 0.5 ms to 0.5 s.
func fine() []float64 {
	return []float64{.0005, .001, .002, .003, .005, .0075, .01, .015, .02, .033, .05, .1, .25, .5}
}

// NewMetrics registers the metrics with r, which must not have them yet.
func NewMetrics(r prometheus.Registerer) *Metrics {
	counter := func(name, help string, label ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "vivavoce", Name: name, Help: help}, label)
		r.MustRegister(c)
		return c
	}
	histogram := func(name, help string, buckets []float64, label ...string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "vivavoce", Name: name, Help: help, Buckets: buckets}, label)
		r.MustRegister(h)
		return h
	}
	single := func(name, help string, buckets []float64) prometheus.Histogram {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "vivavoce", Name: name, Help: help, Buckets: buckets})
		r.MustRegister(h)
		return h
	}
	sessions := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "vivavoce", Name: "sessions", Help: "Sessions that run here, by state."}, []string{"state"})
	r.MustRegister(sessions)
	return &Metrics{
		sessions:  sessions,
		verdicts:  counter("verdicts_total", "Verdicts, by outcome.", "outcome"),
		hints:     counter("hints_total", "Hints shown, by code.", "code"),
		errors:    counter("errors_total", "Errors told to clients, by code.", "code"),
		over:      counter("sessions_over_total", "Sessions that ended here, by their last state.", "state"),
		store:     counter("store_errors_total", "What the store did not take or give, by what was being done.", "during"),
		lipsecure: counter("lipsecure_errors_total", "Errors in replies to LipSecure's calls, by code.", "code"),
		drops:     counter("frames_dropped_total", "Frames that no stage saw, by reason.", "reason"),
		media:     counter("media_total", "What came and went over WebRTC: packets, bytes, frames, sound, by name.", "name"),
		frames:    counter("frames_seen_total", "Frames that were looked at, by whether a face was found.", "face"),
		prompts:   counter("prompts_total", "Prompts that are over, by whether the page acknowledged them.", "acked"),
		stages:    histogram("stage_duration_seconds", "Time of one frame in a stage.", fine(), "stage"),
		latency:   single("frame_latency_seconds", "From the last packet of a frame to its scores.", fine()),
		ack:       single("prompt_ack_seconds", "From sending a prompt to its acknowledgement.", fine()),
		toVerdict: single("time_to_verdict_seconds", "From hello to a verdict that was decided.", []float64{2, 4, 6, 8, 10, 12, 15, 20, 30, 45, 60, 90, 180}),
	}
}

// StageDuration implements pipeline.Metrics.
func (m *Metrics) StageDuration(stage string, d time.Duration) {
	m.stages.WithLabelValues(stage).Observe(d.Seconds())
}

// Media counts what peers received, repaired and dropped, by name.
func (m *Metrics) Media(name string, n uint64) { m.media.WithLabelValues(name).Add(float64(n)) }

// FaceFound implements pipeline.Metrics.
func (m *Metrics) FaceFound(found bool) { m.frames.WithLabelValues(strconv.FormatBool(found)).Inc() }

// PromptShown implements pipeline.Metrics.
func (m *Metrics) PromptShown(acked bool, after time.Duration) {
	m.prompts.WithLabelValues(strconv.FormatBool(acked)).Inc()
	if acked {
		m.ack.Observe(after.Seconds())
	}
}

// moved counts a session from one state to another; "" is outside.
func (m *Metrics) moved(from, to State) {
	if from != "" {
		m.sessions.WithLabelValues(string(from)).Dec()
	}
	if to != "" {
		m.sessions.WithLabelValues(string(to)).Inc()
	}
}

// ended counts a session that is over.
func (m *Metrics) ended(state State, outcome string) {
	m.over.WithLabelValues(string(state)).Inc()
	m.verdicts.WithLabelValues(outcome).Inc()
}

// LipSecureRefused counts an error in a reply to one of LipSecure's calls.
func (m *Metrics) LipSecureRefused(code int) { m.lipsecure.WithLabelValues(strconv.Itoa(code)).Inc() }

func (m *Metrics) storeFailed(during string) { m.store.WithLabelValues(during).Inc() }

func (m *Metrics) failed(c Code) { m.errors.WithLabelValues(string(c)).Inc() }

func (m *Metrics) dropped(by map[string]uint64) {
	for reason, n := range by {
		m.drops.WithLabelValues(reason).Add(float64(n))
	}
}

var _ pipeline.Metrics = (*Metrics)(nil)
