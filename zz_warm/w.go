package main
import (
 _ "gocv.io/x/gocv"
 _ "github.com/asticode/go-astiav"
 _ "github.com/yalue/onnxruntime_go"
 _ "github.com/pion/webrtc/v4"
 _ "github.com/pion/mediadevices/pkg/driver/camera"
 _ "github.com/pion/mediadevices"
 _ "github.com/prometheus/client_golang/prometheus/promhttp"
 _ "github.com/alecthomas/kong"
)
func main(){}
