namespace OpenVdi.Native.Tests;

/// <summary>Sizes, alignments and offsets as a C++ compiler sees them. Spec: 14.1, 14.7.</summary>
public sealed class LayoutTests
{
    private const string Expected = """
        VDConfig 44 4
        VDConfig.deviceCount 0 4
        VDConfig.features 4 4
        VDConfig.prefixZoneSize 8 4
        VDConfig.alignment 12 4
        VDConfig.softFileMarkBlockSize 16 4
        VDConfig.EOMWarningSize 20 4
        VDConfig.serverTimeOut 24 4
        VDConfig.blockSize 28 4
        VDConfig.maxIODepth 32 4
        VDConfig.maxTransferSize 36 4
        VDConfig.bufferAreaSize 40 4
        VDC_Command 24 8
        VDC_Command.commandCode 0 4
        VDC_Command.size 4 4
        VDC_Command.position 8 8
        VDC_Command.buffer 16 8
        VDS_Command 56 8
        VDS_Command.commandCode 0 4
        VDS_Command.size 4 4
        VDS_Command.inPosition 8 8
        VDS_Command.outPosition 16 8
        VDS_Command.buffer 24 8
        VDS_Command.completionRoutine 32 8
        VDS_Command.completionContext 40 8
        VDS_Command.completionCode 48 4
        VDS_Command.bytesTransferred 52 4
        ClientVirtualDevice 8 8
        ClientVirtualDeviceSet 8 8

        """;

    [Fact]
    public void Structures_AsEveryCompilerLaysThemOut_AreThoseOfTheSpecification()
    {
        using Compiler compiler = new();
        Assert.All(Compiler.All, name =>
            Assert.Equal(Expected, NativeProgram.Run(compiler.Compile(name, "layouts", "layouts.cpp")).ExpectSuccess().Output));
    }
}
