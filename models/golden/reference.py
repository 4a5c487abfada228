"""Runs the original TFLite files in MediaPipe's own runtime and writes testdata/golden.json.gz.

reference.py INPUTS NODE_MODULES OUT: INPUTS is what `go test -run TestGolden -golden-inputs` wrote.
The attention mesh needs MediaPipe's resolver of custom operators, so everything runs as a
MediaPipe graph: picture -> TensorConverterCalculator -> InferenceCalculator (TensorFlow Lite on
the CPU) -> floats. Used to make the golden file only; the product never runs Python.
"""
import base64, gzip, hashlib, json, re, sys, tempfile
import mediapipe as mp
import numpy as np
from google.protobuf import text_format
# The options' messages must be imported to be known to the text format.
from mediapipe.calculators.core import split_vector_calculator_pb2  # noqa: F401
from mediapipe.calculators.tensor import inference_calculator_pb2, tensor_converter_calculator_pb2  # noqa: F401
from mediapipe.framework import calculator_pb2

INPUTS, MODULES, OUT = sys.argv[1:4]
# TFLite file, its outputs in the file's order, values in a row of each.
MODELS = {
    'face_detector_short': ('face_detection_short_range.tflite', [('regressors', 16), ('classificators', 1)]),
    'face_detector_full': ('face_detection_full_range.tflite', [('reshaped_regressor_face_4', 16), ('reshaped_classifier_face_4', 1)]),
    'face_mesh_attention': ('face_landmark_with_attention.tflite', [
        ('output_mesh_identity', 1404), ('output_lips', 160), ('output_left_eye', 142), ('output_right_eye', 142),
        ('output_left_iris', 10), ('output_right_iris', 10), ('conv_faceflag', 1)]),
}

GRAPH = '''
input_stream: "image"
node { calculator: "LocalFileContentsCalculator" input_side_packet: "FILE_PATH:path" output_side_packet: "CONTENTS:blob" }
node { calculator: "TfLiteModelCalculator" input_side_packet: "MODEL_BLOB:blob" output_side_packet: "MODEL:model" }
node { calculator: "TfLiteCustomOpResolverCalculator" output_side_packet: "OP_RESOLVER:ops" }
node { calculator: "TensorConverterCalculator" input_stream: "IMAGE:image" output_stream: "TENSORS:in"
  options { [mediapipe.TensorConverterCalculatorOptions.ext] { output_tensor_float_range { min: %g max: %g } max_num_channels: 3 } } }
node { calculator: "InferenceCalculator" input_stream: "TENSORS:in" output_stream: "TENSORS:out"
  input_side_packet: "MODEL:model" input_side_packet: "OP_RESOLVER:ops"
  options { [mediapipe.InferenceCalculatorOptions.ext] { delegate { tflite {} } } } }
node { calculator: "SplitTensorVectorCalculator" input_stream: "out" %s
  options { [mediapipe.SplitVectorCalculatorOptions.ext] { %s } } }
'''


def tflite(name):
    """The bytes of a TFLite file, cut out of the packed assets where it is not a file of its own."""
    try:
        return open(f'{MODULES}/@mediapipe/face_detection/{name}', 'rb').read()
    except FileNotFoundError:
        base = f'{MODULES}/@mediapipe/face_mesh/face_mesh_solution_packed_assets'
        meta = json.loads(re.search(r'loadPackage\((\{.*?\})\);', open(base + '_loader.js').read(), re.S).group(1))
        f = next(f for f in meta['files'] if f['filename'].endswith('/' + name))
        return open(base + '.data', 'rb').read()[f['start']:f['end']]


def graph(low, high, count):
    outs = ' '.join(f'output_stream: "t{i}"' for i in range(count))
    ranges = ' '.join(f'ranges {{ begin: {i} end: {i + 1} }}' for i in range(count))
    text = GRAPH % (low, high, outs, ranges)
    for i in range(count):
        text += f'node {{ calculator: "TensorsToFloatsCalculator" input_stream: "TENSORS:t{i}" output_stream: "FLOATS:f{i}" }}\n'
    return text_format.Parse(text, calculator_pb2.CalculatorGraphConfig())


def run(path, low, high, outputs, rgb):
    g = mp.CalculatorGraph(graph_config=graph(low, high, len(outputs)))
    got = {}
    for i, (name, _) in enumerate(outputs):
        g.observe_output_stream(f'f{i}', lambda _, p, n=name: got.__setitem__(n, np.array(mp.packet_getter.get_float_list(p), np.float32)))
    g.start_run({'path': mp.packet_creator.create_string(path)})
    frame = mp.ImageFrame(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(rgb))
    g.add_packet_to_input_stream('image', mp.packet_creator.create_image_frame(frame).at(0))
    g.close_all_packet_sources()
    g.wait_until_done()
    return got


def kept(name, width, values, score):
    """All rows, or for boxes every 16th anchor and the 32 with the best score."""
    rows = []
    if width == 16:
        rows = sorted(set(range(0, len(score), 16)) | {int(i) for i in np.argsort(-score)[:32]})
        values = values.reshape(-1, width)[rows]
    return {'name': name, 'width': width, 'rows': rows, 'values': base64.b64encode(values.astype('<f4').tobytes()).decode()}


def main():
    cases = []
    for e in json.load(open(f'{INPUTS}/inputs.json')):
        file, outputs = MODELS[e['Model']]
        raw = open(f'{INPUTS}/{e["File"]}', 'rb').read()
        assert hashlib.sha256(raw).hexdigest() == e['SHA256']
        with tempfile.NamedTemporaryFile(suffix='.tflite') as f:
            f.write(tflite(file))
            f.flush()
            got = run(f.name, e['Low'], e['High'], outputs, np.frombuffer(raw, np.uint8).reshape(e['Side'], e['Side'], 3))
        score = got[outputs[-1][0]]
        cases.append({'model': e['Model'], 'picture': e['Picture'], 'sha256': e['SHA256'],
                      'outputs': [kept(n, w, got[n], score) for n, w in outputs]})
    doc = json.dumps({'by': f'mediapipe {mp.__version__} (PyPI), TensorFlow Lite on the CPU', 'cases': cases})
    with open(OUT, 'wb') as f, gzip.GzipFile(fileobj=f, mode='wb', filename='', mtime=0) as z:
        z.write(doc.encode())


main()
