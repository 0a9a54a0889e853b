using OpenVdi.SharedMemory;
using OpenVdi.TestPeer;
using OpenVdi.Transport;

// A test's peer: `OpenVdi.TestPeer [verb name=value ...]`. The first request may stand on the command line; the others
// come on standard input, the events go to standard output. It ends when its input does.
using Stream output = Console.OpenStandardOutput();
using var standardInput = new StreamReader(Console.OpenStandardInput());
var events = new EventWriter(output);
bool isInProcess = Environment.GetEnvironmentVariable("OPENVDI_PEER_TRANSPORT") == "inprocess";
VdiTransport transport = isInProcess ? new InProcessTransport() : SharedMemoryTransport.Default;
TextReader input = args.Length == 0 ? standardInput : new PrependedReader(string.Join(' ', args), standardInput);
new PeerHost(transport, input, events).Run();
return 0;
