@main
struct Vesp { static func main() {} }
